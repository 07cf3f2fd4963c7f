package dev.waterspout.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.forward.DeviceException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** The device catalog: default devices, and failures of TornadoVM to start. */
class TornadoDevicesTest {
    private static DeviceCatalog withoutDriver() {
        RuntimeException cause = new IllegalStateException(
                "\u001B[31m[WARNING] No OpenCL platforms found. Deoptimizing to sequential execution.\u001B[0m");
        return new DeviceCatalog(() -> TornadoDevices.list(() -> {
            throw new ExceptionInInitializerError(cause);
        }));
    }

    @Test
    void theHostRunsWithoutADriver() {
        DeviceCatalog catalog = withoutDriver();
        assertThat(catalog.problem()).hasValue("TornadoVM has no devices here: No OpenCL platforms found");
        assertThat(catalog.list()).extracting(Device::name).containsExactly("host");
        assertThat(catalog.assign(List.of("host"), 2)).extracting(Device::name).containsExactly("host", "host");
        assertThat(catalog.assign(List.of(), 1)).extracting(Device::name).containsExactly("host");
    }

    @Test
    void tornadoDoesNotStartForTheHostAlone() {
        DeviceCatalog catalog = new DeviceCatalog(() -> {
            throw new AssertionError("TornadoVM starts");
        });
        assertThat(catalog.assign(List.of("host"), 2)).hasSize(2);
    }

    @Test
    void aRequestedDeviceIsRefusedWithTheReason() {
        DeviceCatalog catalog = withoutDriver();
        assertThatThrownBy(() -> catalog.assign(List.of("tornado:opencl:0"), 1))
                .isInstanceOf(DeviceException.class)
                .hasMessage("device 'tornado:opencl:0' is not available; available are host; TornadoVM has no devices"
                        + " here: No OpenCL platforms found");
    }

    @Test
    void aFailureWithoutAMessageIsNamed() {
        DeviceCatalog catalog = new DeviceCatalog(() -> TornadoDevices.list(() -> {
            throw new NoClassDefFoundError();
        }));
        assertThat(catalog.problem()).hasValue("TornadoVM has no devices here: NoClassDefFoundError");
    }

    @Test
    void platformsWithoutDevicesAreNamed() {
        TornadoRuntime runtime = (TornadoRuntime) Proxy.newProxyInstance(
                TornadoRuntime.class.getClassLoader(), new Class<?>[] {TornadoRuntime.class}, (_, _, _) -> 0);
        DeviceCatalog catalog = new DeviceCatalog(() -> TornadoDevices.list(() -> runtime));
        assertThat(catalog.problem()).hasValue("TornadoVM has no devices here: its platforms have none");
        assertThat(catalog.list()).extracting(Device::name).containsExactly("host");
    }

    private static DeviceCatalog of(String... names) {
        List<Device> devices = Stream.of(names)
                .map(name -> new Device(name, "", true, HostDevice.get().shards(), null))
                .toList();
        return new DeviceCatalog(() -> new TornadoDevices.Listing(devices, Optional.empty()));
    }

    @Test
    void defaultsAreGpusOfOneBackend() {
        assertThat(of("tornado:opencl:0", "tornado:opencl:1", "tornado:cuda:0", "tornado:cuda:1")
                        .assign(List.of(), 3))
                .extracting(Device::name)
                .containsExactly("tornado:cuda:0", "tornado:cuda:1", "tornado:cuda:0");
        assertThat(of("tornado:ptx:0", "tornado:opencl:0").assign(List.of(), 2))
                .extracting(Device::name)
                .containsExactly("tornado:ptx:0", "tornado:ptx:0");
    }

    @Test
    void devicesOfSpirvAreRefused() {
        assertThat(of("tornado:spirv:0", "tornado:opencl:0").assign(List.of(), 1))
                .extracting(Device::name)
                .containsExactly("tornado:opencl:0");
        assertThatThrownBy(() -> of("tornado:spirv:0").assign(List.of("tornado:spirv:0"), 1))
                .isInstanceOf(DeviceException.class)
                .hasMessage("device 'tornado:spirv:0' is not supported: TornadoVM's SPIR-V backend computes wrong"
                        + " values; its OpenCL backend runs the same device");
    }

    @Test
    void theEmulatorHasNoProblem() {
        assertThat(new DeviceCatalog().problem()).isEmpty();
        assertThat(new DeviceCatalog().list()).hasSizeGreaterThan(1);
    }
}
