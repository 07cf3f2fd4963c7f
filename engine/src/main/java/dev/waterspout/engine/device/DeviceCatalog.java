package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.DeviceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The devices of this machine, and their assignment to ranks. TornadoVM starts when its devices are first asked for: a
 * run on the host alone does without it.
 */
public final class DeviceCatalog {
    private static final String CUDA = "tornado:cuda:";

    /** TornadoVM 5.2.0 writes arithmetic shifts as logical ones in SPIR-V and the reverse: weights get wrong values. */
    private static final String SPIRV = "tornado:spirv:";

    private final Supplier<TornadoDevices.Listing> start;
    private TornadoDevices.@Nullable Listing started;

    /** Creates the catalog of this machine. */
    public DeviceCatalog() {
        this(TornadoDevices::list);
    }

    DeviceCatalog(Supplier<TornadoDevices.Listing> start) {
        this.start = start;
    }

    private synchronized TornadoDevices.Listing tornado() {
        TornadoDevices.Listing listing = started;
        if (listing == null) {
            listing = start.get();
            started = listing;
        }
        return listing;
    }

    /** Returns why TornadoVM, which is installed, lists no devices; empty if it does or is not installed. */
    public Optional<String> problem() {
        return tornado().problem();
    }

    /** Returns all devices, the host first. */
    public List<Device> list() {
        return Stream.concat(Stream.of(HostDevice.get()), tornado().devices().stream())
                .toList();
    }

    /**
     * Assigns a device to every rank. If the user names none, ranks take the accelerators in turn, or the host if
     * there is no accelerator. If TornadoVM has several backends, they are those of CUDA, else of the first backend.
     *
     * @param names names from the user: none for the default, one for all ranks, or one per rank
     * @param ranks number of ranks
     * @return one device per rank
     * @throws DeviceException if a name is not a device of this machine or is one of the SPIR-V backend, or if the
     *     number of names is neither one nor the number of ranks
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
        List<Device> accelerators = tornado().devices().stream()
                .filter(device -> device.accelerator() && !backend(device).equals(SPIRV))
                .toList();
        if (accelerators.isEmpty()) {
            return List.of(HostDevice.get());
        }
        // An SDK with several backends lists a GPU once for each.
        List<String> backends =
                accelerators.stream().map(DeviceCatalog::backend).distinct().toList();
        String backend = backends.contains(CUDA) ? CUDA : backends.getFirst();
        return accelerators.stream()
                .filter(device -> backend(device).equals(backend))
                .toList();
    }

    /** {@return the name without the number} */
    private static String backend(Device device) {
        return device.name().substring(0, device.name().lastIndexOf(':') + 1);
    }

    private Device find(String name) {
        if (name.equals(HostDevice.get().name())) {
            return HostDevice.get();
        }
        List<Device> devices = list();
        Optional<Device> found =
                devices.stream().filter(device -> device.name().equals(name)).findFirst();
        if (found.isPresent() && name.startsWith(SPIRV)) {
            throw new DeviceException(
                    "device '" + name + "' is not supported: TornadoVM's SPIR-V backend computes wrong"
                            + " values; its OpenCL backend runs the same device");
        }
        return found.orElseThrow(() -> new DeviceException("device '" + name + "' is not available; available are "
                + devices.stream().map(Device::name).collect(Collectors.joining(", "))
                + problem().map(text -> "; " + text).orElse("")));
    }
}
