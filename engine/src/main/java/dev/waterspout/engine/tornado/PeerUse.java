package dev.waterspout.engine.tornado;

/**
 * The phases of a run in which partials go from device to device.
 *
 * @param prefill chunks of many tokens
 * @param decode single tokens
 */
public record PeerUse(boolean prefill, boolean decode) {
    /** Both phases. */
    public static final PeerUse ALWAYS = new PeerUse(true, true);

    /** {@return whether any phase uses copies from device to device} */
    public boolean any() {
        return prefill || decode;
    }
}
