package dev.waterspout.kernels.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.KernelDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

@Timeout(120)
class DeviceProbeTest {
    /** Small sizes say nothing about a device, but all of it is run, and its results are checked. */
    @Test
    void measuresBothLimits() {
        TornadoDevice device =
                TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        DeviceProbe.Size size = new DeviceProbe.Size(1 << 12, 3, 30);

        DeviceCeiling ceiling = new DeviceProbe(device, KernelDevice.of(device), size).measure();

        assertThat(ceiling.readBytesPerSecond()).isPositive().isLessThan(1e13);
        assertThat(ceiling.flopsPerSecond()).isPositive().isLessThan(1e13);
    }
}
