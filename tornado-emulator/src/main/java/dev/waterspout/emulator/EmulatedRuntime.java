package dev.waterspout.emulator;

import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;

/** One backend and its devices. */
final class EmulatedRuntime implements TornadoRuntime {
    private final List<EmulatedDevice> devices;
    private final Backend backend = new Backend();

    EmulatedRuntime(List<DeviceSpec> specs) {
        devices = IntStream.range(0, specs.size())
                .mapToObj(i -> new EmulatedDevice(i, specs.get(i)))
                .toList();
    }

    EmulatedDevice device(int index) {
        if (index < 0 || index >= devices.size()) {
            throw new TornadoDeviceNotFound("device " + index + " not found, the emulator has " + devices.size());
        }
        return devices.get(index);
    }

    @Override
    public TornadoBackend getBackend(int index) {
        if (index != 0) {
            throw new TornadoBackendNotFound("backend " + index + " not found, the emulator is the only one");
        }
        return backend;
    }

    @Override
    public TornadoVMBackendType getBackendType(int index) {
        return getBackend(index).getBackendType();
    }

    @Override
    public int getNumBackends() {
        return 1;
    }

    @Override
    public TornadoDevice getDefaultDevice() {
        return device(0);
    }

    private final class Backend implements TornadoBackend {
        @Override
        public TornadoDevice getDefaultDevice() {
            return device(0);
        }

        @Override
        public int getNumDevices() {
            return devices.size();
        }

        @Override
        public TornadoDevice getDevice(int index) {
            return device(index);
        }

        @Override
        public List<TornadoDevice> getAllDevices() {
            return List.copyOf(devices);
        }

        @Override
        public TornadoDeviceType getTypeDefaultDevice() {
            return device(0).getDeviceType();
        }

        @Override
        public String getName() {
            return "emulator";
        }

        @Override
        public int getNumPlatforms() {
            return 1;
        }

        @Override
        public TornadoVMBackendType getBackendType() {
            return TornadoVMBackendType.JAVA;
        }
    }
}
