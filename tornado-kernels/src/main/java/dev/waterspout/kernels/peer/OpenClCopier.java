package dev.waterspout.kernels.peer;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies between buffers of one OpenCL context, to which all devices of a platform belong under TornadoVM. The copies of a
 * device go through a queue of our own on it, because TornadoVM shows none of its queues.
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

    /** Queues last as long as the process: a context has one per device, however many plans come and go. */
    private long queue(Target target) {
        long[] devices = cl.devicesOf(target.context());
        if (target.device() >= devices.length) {
            throw new PeerException("device " + target.device() + " of an OpenCL context of " + devices.length);
        }
        return cl.queue(target.context(), devices[target.device()]);
    }
}
