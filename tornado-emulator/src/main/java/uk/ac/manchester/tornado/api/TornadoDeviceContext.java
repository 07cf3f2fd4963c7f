package uk.ac.manchester.tornado.api;

/** What the runtime keeps per device. */
public interface TornadoDeviceContext {
    /** The device's position among those of its platform. */
    int getDeviceIndex();

    /** The device's name. */
    String getDeviceName();
}
