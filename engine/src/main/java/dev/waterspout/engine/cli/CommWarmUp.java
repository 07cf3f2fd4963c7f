package dev.waterspout.engine.cli;

import dev.waterspout.interconnect.policy.Clocks;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.HostPorts;
import dev.waterspout.interconnect.policy.ProfileCache;
import dev.waterspout.interconnect.policy.WarmUp;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Lets the JIT compile the codecs that {@code --comm auto} will measure, on a thread of its own, while ranks meet and the
 * model is opened.
 */
final class CommWarmUp implements AutoCloseable {
    /** Compiled code does not depend on it. */
    private static final int COLUMNS = 2048;

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final @Nullable Thread thread;

    private CommWarmUp(List<WireFormat> formats, int ranks) {
        this.thread = formats.isEmpty()
                ? null
                : Thread.ofPlatform().daemon().name("comm-warm-up").start(() -> run(formats, ranks));
    }

    /** Has nothing to do. */
    static CommWarmUp none() {
        return new CommWarmUp(List.of(), 1);
    }

    /** Starts, if there probably is something to measure later: this host has no profile of any group. */
    static CommWarmUp start(CommOptions options, int ranks) {
        boolean first = Environment.cacheFolder().map(Path::of).stream().noneMatch(ProfileCache::hasAny);
        return options.isAuto() && ranks > 1 && first ? new CommWarmUp(options.likelyFormats(), ranks) : none();
    }

    private void run(List<WireFormat> formats, int ranks) {
        try (Arena arena = Arena.ofShared();
                WorkerPool pool = new WorkerPool(1, "comm-warm-up")) {
            HostPorts ports = new HostPorts(pool, 1, COLUMNS, arena);
            WarmUp.run(
                    formats,
                    COLUMNS,
                    ranks,
                    ports,
                    Clocks.system(),
                    CommSettings.Budget.DEFAULT.warmUp(),
                    stopped::get);
        }
    }

    /** Ends after what is under way, some milliseconds. */
    @Override
    public void close() {
        stopped.set(true);
        if (thread != null) {
            try {
                thread.join();
            } catch (InterruptedException asked) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
