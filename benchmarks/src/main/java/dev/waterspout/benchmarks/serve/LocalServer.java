package dev.waterspout.benchmarks.serve;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;

/** The server under test. Only servers on the loopback interface of this machine are allowed. */
final class LocalServer {
    private LocalServer() {}

    /** Returns the address of a server, after a check that it is on the loopback interface. */
    static URI require(URI url) throws IOException {
        if (!InetAddress.getByName(url.getHost()).isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "address " + url + "; only servers on this machine's loopback are allowed");
        }
        return url;
    }

    /** Returns the process of a server. */
    static ProcessHandle process(String id) {
        return ProcessHandle.of(Long.parseLong(id))
                .orElseThrow(() -> new IllegalArgumentException("there is no process " + id));
    }
}
