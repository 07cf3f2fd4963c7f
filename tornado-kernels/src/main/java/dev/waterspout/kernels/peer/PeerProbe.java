package dev.waterspout.kernels.peer;

import java.util.Optional;
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
        ByteArray packets = new ByteArray(2 * BYTES);
        packets.init((byte) 0);
        try (TornadoExecutionPlan source = plan(from, offer(link.end(0), sent));
                TornadoExecutionPlan target = plan(to, exchange(link.end(1), own, packets))) {
            source.execute();
            target.execute();
        } catch (PeerException refused) {
            return Optional.of(copy + " failed: " + refused.getMessage());
        } catch (TornadoExecutionPlanException | RuntimeException | Error failure) { // the runtime throws all kinds
            return Optional.of(copy + " failed: " + failure);
        }
        boolean same = packets.getSegment().asSlice(0, BYTES).mismatch(sent.getSegment()) < 0
                && packets.getSegment().asSlice(BYTES).mismatch(own.getSegment()) < 0;
        return same ? Optional.empty() : Optional.of(copy + " changed the bytes");
    }

    private static TaskGraph offer(PeerEnd end, ByteArray sent) {
        TaskGraph graph = new TaskGraph("peerProbeSource").transferToDevice(DataTransferMode.EVERY_EXECUTION, sent);
        end.offer(graph, "offer", sent);
        return graph.persistOnDevice(sent);
    }

    private static TaskGraph exchange(PeerEnd end, ByteArray own, ByteArray packets) {
        TaskGraph graph = new TaskGraph("peerProbeTarget").transferToDevice(DataTransferMode.EVERY_EXECUTION, own);
        end.expect(BYTES);
        end.offer(graph, "offer", own);
        end.gather(graph, "gather", packets);
        return graph.transferToHost(DataTransferMode.EVERY_EXECUTION, packets);
    }

    private static TornadoExecutionPlan plan(TornadoDevice device, TaskGraph graph) {
        return new TornadoExecutionPlan(graph.snapshot()).withDevice(device);
    }

    private static ByteArray pattern(int seed) {
        ByteArray bytes = new ByteArray(BYTES);
        for (int i = 0; i < BYTES; i++) {
            bytes.set(i, (byte) (i * 31 + seed));
        }
        return bytes;
    }
}
