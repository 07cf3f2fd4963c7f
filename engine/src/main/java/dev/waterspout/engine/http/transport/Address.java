package dev.waterspout.engine.http.transport;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a server listens.
 *
 * @param host name or number of an interface
 * @param port TCP port; 0 takes one that is free
 * @param tls certificate and key; empty for plain HTTP
 */
public record Address(String host, int port, Optional<Tls> tls) {
    /** Checks the range. */
    public Address {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + "; it must be within 0 to 65535");
        }
    }

    /**
     * Returns the address as clients write it.
     *
     * @param actualPort port that was taken
     */
    public String url(int actualPort) {
        String scheme = tls.isPresent() ? "https" : "http";
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + actualPort;
    }

    /**
     * Files in PEM.
     *
     * @param certificate certificate of the server, then those that vouch for it
     * @param key key of the server, in PKCS #8
     */
    public record Tls(Path certificate, Path key) {}
}
