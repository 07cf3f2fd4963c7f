package dev.waterspout.kernels.peer;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;

/** Tries a copy from one device to another. It compiles no kernel. */
final class PeerProbe {
    private static final int BYTES = 257;

    private PeerProbe() {}

    /**
     * Copies a pattern.
     *
     * @param copier the copier to try
     * @param from device that has the pattern
     * @param to device that gets it
     * @return a description of the failure, or empty
     */
    static Optional<String> failure(PeerCopier copier, TornadoDevice from, TornadoDevice to) {
        String copy = "a copy from " + from.getDeviceName() + " to " + to.getDeviceName();
        PeerLink link = new PeerLink(copier, 2);
        ByteArray sent = pattern(1);
        ByteArray own = pattern(2);
        ByteArray received = new ByteArray(BYTES);
        received.init((byte) 0);
        try (PeerEnd sender = link.end(0);
                PeerEnd receiver = link.end(1);
                TornadoExecutionPlan source = plan(from, located(sender, sent));
                TornadoExecutionPlan target = plan(to, located(receiver, own, received), copiedOut(received))) {
            source.withGraph(0).execute();
            sender.offer(sent);
            target.withGraph(0).execute();
            receiver.offer(own);
            receiver.gather(received, BYTES);
            target.withGraph(1).execute();
        } catch (PeerException refused) {
            return Optional.of(copy + " failed: " + refused.getMessage());
        } catch (TornadoExecutionPlanException | RuntimeException | Error failure) { // the runtime throws all kinds
            return Optional.of(copy + " failed: " + failure);
        }
        boolean same = received.getSegment().mismatch(sent.getSegment()) < 0;
        return same ? Optional.empty() : Optional.of(copy + " changed the bytes");
    }

    private static TaskGraph located(PeerEnd end, ByteArray... arrays) {
        Object[] all = arrays;
        TaskGraph graph = new TaskGraph("peerProbe").transferToDevice(DataTransferMode.FIRST_EXECUTION, all);
        end.locate(graph, List.of(arrays));
        return graph.persistOnDevice(all);
    }

    private static TaskGraph copiedOut(ByteArray received) {
        TaskGraph graph = new TaskGraph("peerProbeOut").consumeFromDevice(received);
        PeerEnd.touch(graph, "touch", received);
        return graph.transferToHost(DataTransferMode.EVERY_EXECUTION, received);
    }

    private static TornadoExecutionPlan plan(TornadoDevice device, TaskGraph... graphs) {
        return new TornadoExecutionPlan(
                        Stream.of(graphs).map(TaskGraph::snapshot).toArray(ImmutableTaskGraph[]::new))
                .withDevice(device);
    }

    private static ByteArray pattern(int seed) {
        ByteArray bytes = new ByteArray(BYTES);
        for (int i = 0; i < BYTES; i++) {
            bytes.set(i, (byte) (i * 31 + seed));
        }
        return bytes;
    }
}
