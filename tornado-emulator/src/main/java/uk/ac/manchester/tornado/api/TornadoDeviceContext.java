package uk.ac.manchester.tornado.api;

/** The runtime's data of a device. */
public interface TornadoDeviceContext {
    /** The device's position among those of its platform. */
    int getDeviceIndex();

    /** The device's name. */
    String getDeviceName();
}
