package dev.waterspout.kernels.peer;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies between CUDA devices, in the stream of the receiving plan. No thread waits for them: they are ordered by their
 * stream and by events. The copies go over NVLink or PCIe if the devices have peer access, and otherwise by the path
 * that the driver chooses.
 */
final class CudaCopier implements PeerCopier {
    private final Cuda cuda;
    private final Set<Pair> reachable = ConcurrentHashMap.newKeySet();

    private record Pair(long context, long peer) {}

    CudaCopier(Cuda cuda) {
        this.cuda = cuda;
    }

    @Override
    public long event(DeviceArray array) {
        cuda.push(array.context());
        try {
            return cuda.newEvent();
        } finally {
            cuda.pop();
        }
    }

    @Override
    public void record(long event, DeviceArray array) {
        cuda.record(event, array.stream());
    }

    @Override
    public void await(DeviceArray array, long event) {
        cuda.await(array.stream(), event);
    }

    @Override
    public void destroy(long event) {
        cuda.destroy(event);
    }

    @Override
    public void pull(DeviceArray target, List<PeerCopy> copies) {
        copies.forEach(copy -> copy.requireInside(target));
        cuda.push(target.context());
        try {
            for (PeerCopy copy : copies) {
                DeviceArray source = copy.source();
                if (source.context() != target.context()
                        && reachable.add(new Pair(target.context(), source.context()))) {
                    cuda.enablePeerAccess(source.context());
                }
                if (copy.bytes() > 0) {
                    cuda.copy(
                            target.base() + DeviceArray.fromBase(copy.targetOffset()),
                            target.context(),
                            source.base() + DeviceArray.fromBase(copy.sourceOffset()),
                            source.context(),
                            copy.bytes(),
                            target.stream());
                }
            }
        } finally {
            cuda.pop();
        }
    }
}
