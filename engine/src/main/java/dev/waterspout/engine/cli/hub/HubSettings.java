package dev.waterspout.engine.cli.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Address of the hub, and folder of downloaded models.
 *
 * @param endpoint address of the hub, without a slash at the end
 * @param token sent to the hub itself, and to no other server that it refers to
 * @param cache folder of downloaded models
 * @param tries largest number of successive attempts of a download that gain no byte
 * @param pause after the first failure; twice as long after each further one
 * @param patience longest time without a byte from the server
 */
public record HubSettings(
        String endpoint, Optional<String> token, Path cache, int tries, Duration pause, Duration patience) {
    private static final String HUGGING_FACE = "https://huggingface.co";

    /** Checks the address. */
    public HubSettings {
        URI address = URI.create(endpoint);
        boolean web = "https".equalsIgnoreCase(address.getScheme()) || "http".equalsIgnoreCase(address.getScheme());
        if (!web || address.getHost() == null) {
            throw new IllegalArgumentException("hub address " + endpoint + " (HF_ENDPOINT); it must begin with https://"
                    + " or http:// and name a host");
        }
        endpoint = endpoint.replaceFirst("/+$", "");
    }

    /**
     * Returns settings with the default time limits.
     *
     * @param endpoint address of the hub; empty for Hugging Face
     * @param token access token for repositories that need one
     * @param cache folder of downloaded models
     */
    public static HubSettings of(Optional<String> endpoint, Optional<String> token, Path cache) {
        return new HubSettings(
                endpoint.orElse(HUGGING_FACE), token, cache, 5, Duration.ofSeconds(1), Duration.ofSeconds(30));
    }
}
