package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.DeviceException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The devices of this machine, and their assignment to ranks. */
public final class DeviceCatalog {
    private final List<Device> devices = new ArrayList<>();
    private final Optional<String> problem;

    /** Lists the devices. */
    public DeviceCatalog() {
        this(TornadoDevices.list());
    }

    DeviceCatalog(TornadoDevices.Listing tornado) {
        devices.add(HostDevice.get());
        devices.addAll(tornado.devices());
        problem = tornado.problem();
    }

    /** Returns why TornadoVM, which is installed, lists no devices; empty if it does or is not installed. */
    public Optional<String> problem() {
        return problem;
    }

    /** Returns all devices, the host first. */
    public List<Device> list() {
        return Collections.unmodifiableList(devices);
    }

    /**
     * Assigns a device to every rank. If the user names none, ranks take the accelerators in turn, or the host if
     * there is no accelerator.
     *
     * @param names names from the user: none for the default, one for all ranks, or one per rank
     * @param ranks number of ranks
     * @return one device per rank
     * @throws DeviceException if a name is not a device of this machine, or if the number of names is neither one nor
     *     the number of ranks
     */
    public List<Device> assign(List<String> names, int ranks) {
        if (names.size() > 1 && names.size() != ranks) {
            throw new DeviceException(names.size() + " devices for " + ranks + " ranks; give one, or one per rank");
        }
        List<Device> named =
                names.isEmpty() ? defaults() : names.stream().map(this::find).toList();
        List<Device> assigned = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            assigned.add(named.get(rank % named.size()));
        }
        return assigned;
    }

    private List<Device> defaults() {
        List<Device> accelerators = devices.stream().filter(Device::accelerator).toList();
        return accelerators.isEmpty() ? List.of(devices.getFirst()) : accelerators;
    }

    private Device find(String name) {
        Optional<Device> found =
                devices.stream().filter(device -> device.name().equals(name)).findFirst();
        return found.orElseThrow(() -> new DeviceException("device '" + name + "' is not available; available are "
                + devices.stream().map(Device::name).collect(Collectors.joining(", "))
                + problem.map(text -> "; " + text).orElse("")));
    }
}
