package dev.waterspout.kernels.timeline;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** A phase of a rank's work, as an event of Java Flight Recorder. */
@Name("dev.waterspout.Phase")
@Label("Phase")
@Category("Waterspout")
@Description("Work of a rank of a tensor-parallel group")
@StackTrace(false)
final class PhaseEvent extends Event {
    @Label("Rank")
    int rank;

    @Label("Phase")
    @Nullable
    String phase;

    @Label("Name")
    @Nullable
    String name;

    @Label("Number")
    @Description("Layer, exchange or token; -1 for none")
    int number;

    @Label("Device Time")
    @Description("Duration of work on a device, whose start is unknown; 0 for phases of the rank's own thread")
    @Timespan(Timespan.NANOSECONDS)
    long nanos;
}
