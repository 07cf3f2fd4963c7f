package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.kernels.testing.CudaStandIn;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;

/**
 * The CUDA devices of the stand-in for the CUDA driver.
 *
 * @param driver the stand-in, which counts calls
 * @param shards its devices, at least one
 */
record CudaDevices(CudaStandIn driver, List<TornadoShards> shards) {
    /**
     * Returns the devices of ranks that copy partials from device to device; several ranks may share a device.
     *
     * @param ranks number of ranks
     */
    List<TornadoShards> connected(int ranks) {
        Assumptions.assumeTrue(shards.size() > 1, "skipped: there is one CUDA device");
        List<ShardFactory> each = IntStream.range(0, ranks)
                .<ShardFactory>mapToObj(rank -> shards.get(rank % shards.size()))
                .toList();
        PeerShards.Result result = PeerShards.connect(each);
        assertThat(result).isInstanceOf(PeerShards.Result.Connected.class);
        return ((PeerShards.Result.Connected) result)
                .shards().stream().map(TornadoShards.class::cast).toList();
    }

    /** Returns the devices, or skips the test if the stand-in is not running or the SDK has no CUDA backend. */
    static CudaDevices find() {
        CudaStandIn driver = CudaStandIn.find()
                .orElseGet(() -> Assumptions.abort("skipped: the stand-in for the CUDA driver is not running"));
        List<TornadoShards> shards = new DeviceCatalog()
                .list().stream()
                        .filter(device -> device.name().startsWith("tornado:cuda:"))
                        .map(Device::shards)
                        .map(TornadoShards.class::cast)
                        .toList();
        Assumptions.assumeFalse(shards.isEmpty(), "skipped: the SDK has no CUDA backend");
        return new CudaDevices(driver, shards);
    }
}
