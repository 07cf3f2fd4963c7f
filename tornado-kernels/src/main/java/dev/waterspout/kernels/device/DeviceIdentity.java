package dev.waterspout.kernels.device;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Identifies a device. Measurements are valid only for the device with the same identity.
 *
 * @param backend TornadoVM backend, in lower case
 * @param device the hardware's name
 * @param driver version of its driver, or {@code unknown} where TornadoVM does not report it
 */
public record DeviceIdentity(String backend, String device, String driver) {
    private static final Pattern DRIVER = Pattern.compile("(?m)^Driver version *: *(.*\\S) *$");

    /**
     * {@return the identity that a device reports}
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

    /** {@return a description of the device, as readable text} */
    public String label() {
        return backend + " " + device + ", driver " + driver;
    }
}
