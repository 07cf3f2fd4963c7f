package dev.waterspout.kernels.device;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * What makes kernels fast or slow on a device: measurements of another one say nothing about it.
 *
 * @param backend TornadoVM backend, in lower case
 * @param device the hardware's name
 * @param driver its driver's version, or {@code unknown} where TornadoVM does not tell
 */
public record DeviceIdentity(String backend, String device, String driver) {
    private static final Pattern DRIVER = Pattern.compile("(?m)^Driver version *: *(.*\\S) *$");

    /**
     * {@return what a device says of itself}
     *
     * @param device a device of any backend
     */
    public static DeviceIdentity of(TornadoDevice device) {
        String info = String.valueOf(device.getPhysicalDevice().getDeviceInfo());
        Matcher driver = DRIVER.matcher(info);
        return new DeviceIdentity(
                device.getTornadoVMBackend().name().toLowerCase(Locale.ROOT),
                device.getPhysicalDevice().getDeviceName().strip(),
                driver.find() ? String.valueOf(driver.group(1)) : "unknown");
    }

    /** {@return the device for people} */
    public String label() {
        return backend + " " + device + ", driver " + driver;
    }
}
