package dev.waterspout.engine.http.transport;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The address of a server.
 *
 * @param host host name or IP address of a network interface
 * @param port TCP port; 0 for any free port
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
     * Returns the URL for clients.
     *
     * @param actualPort TCP port that the server is bound to
     */
    public String url(int actualPort) {
        String scheme = tls.isPresent() ? "https" : "http";
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + actualPort;
    }

    /**
     * The files of TLS, in PEM.
     *
     * @param certificate the server's certificate, followed by the intermediate certificates of its chain
     * @param key the server's private key, in PKCS #8
     */
    public record Tls(Path certificate, Path key) {}
}
