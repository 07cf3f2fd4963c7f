package uk.ac.manchester.tornado.api.runtime;

import dev.waterspout.emulator.EmulatedPlatform;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Provides the runtime. */
public class TornadoRuntimeProvider {
    /** The class holds functions; the real one has this constructor too. */
    public TornadoRuntimeProvider() {}

    /** The runtime. */
    public static TornadoRuntime getTornadoRuntime() {
        return EmulatedPlatform.runtime();
    }

    /** Whether profiling is on for every plan; false on the emulator, where each plan has its own setting. */
    public static boolean isProfilerEnabled() {
        return false;
    }
}
