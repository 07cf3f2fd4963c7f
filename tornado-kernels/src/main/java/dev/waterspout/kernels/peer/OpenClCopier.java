package dev.waterspout.kernels.peer;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies between buffers of one OpenCL context; under TornadoVM all devices of a platform share one. Each device has
 * a command queue for copies, because TornadoVM does not expose its own queues. No events are needed: a plan's own
 * queue is empty between executions, and copies are complete on return.
 */
final class OpenClCopier implements PeerCopier {
    private final OpenCl cl;
    private final Map<Target, Long> queues = new ConcurrentHashMap<>();

    private record Target(long context, int device) {}

    OpenClCopier(OpenCl cl) {
        this.cl = cl;
    }

    @Override
    public void pull(DeviceArray target, List<PeerCopy> copies) {
        copies.forEach(copy -> copy.requireInside(target));
        long context = cl.contextOf(target.base());
        for (PeerCopy copy : copies) {
            if (cl.contextOf(copy.source().base()) != context) {
                throw new PeerException("the arrays are not in one OpenCL context");
            }
        }
        long queue = queues.computeIfAbsent(new Target(context, target.device()), this::queue);
        for (PeerCopy copy : copies) {
            if (copy.bytes() > 0) {
                cl.copy(
                        queue,
                        copy.source().base(),
                        DeviceArray.fromBase(copy.sourceOffset()),
                        target.base(),
                        DeviceArray.fromBase(copy.targetOffset()),
                        copy.bytes());
            }
        }
        cl.finish(queue);
    }

    /** Queues live as long as the process. A context has one per device for any number of plans. */
    private long queue(Target target) {
        long[] devices = cl.devicesOf(target.context());
        if (target.device() >= devices.length) {
            throw new PeerException(
                    "OpenCL device " + target.device() + "; the context has devices 0 to " + (devices.length - 1));
        }
        return cl.queue(target.context(), devices[target.device()]);
    }
}
