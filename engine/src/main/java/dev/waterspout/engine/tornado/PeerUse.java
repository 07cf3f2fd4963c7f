package dev.waterspout.engine.tornado;

/**
 * Which phases of a run let partials go from device to device.
 *
 * @param prefill chunks of many tokens
 * @param decode single tokens
 */
public record PeerUse(boolean prefill, boolean decode) {
    /** Both. */
    public static final PeerUse ALWAYS = new PeerUse(true, true);

    /** {@return whether there is any} */
    public boolean any() {
        return prefill || decode;
    }
}
