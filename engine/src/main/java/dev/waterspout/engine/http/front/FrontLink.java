package dev.waterspout.engine.http.front;

import dev.waterspout.engine.http.transport.Handler;
import dev.waterspout.engine.http.transport.Transport;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Rank 0's side of the connection with its front. It receives requests from the front instead of over HTTP. */
public final class FrontLink implements Transport {
    private final Wire wire;
    private final Handler handler;
    private final Runnable ended;
    private final Map<Long, LinkedExchange> open = new ConcurrentHashMap<>();
    private final ExecutorService requests = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("request-", 0).factory());

    private FrontLink(Wire wire, Handler handler, Runnable ended) {
        this.wire = wire;
        this.handler = handler;
        this.ended = ended;
    }

    /**
     * Connects with a front, and starts to answer its requests.
     *
     * @param socket Unix socket that the front listens on
     * @param name name of the model
     * @param handler handler of all requests
     * @param ended action that runs when the front tells the ranks to shut down, or the connection is lost
     * @throws IOException with one sentence if no front listens on the socket
     */
    public static FrontLink connect(Path socket, String name, Handler handler, Runnable ended) throws IOException {
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(socket));
            FrontLink link = new FrontLink(new Wire(channel), handler, ended);
            link.wire.write(Frame.of(Frame.Kind.READY, 0, "name", name));
            Thread.ofPlatform().daemon().name("front").start(link::read);
            return link;
        } catch (IOException absent) {
            throw new IOException("the front does not listen at " + socket + ": " + absent.getMessage(), absent);
        }
    }

    private void read() {
        try {
            while (true) {
                take(wire.read());
            }
        } catch (IOException gone) {
            open.values().forEach(LinkedExchange::leave);
            ended.run();
        }
    }

    private void take(Frame frame) {
        switch (frame.kind()) {
            case ASK -> {
                LinkedExchange exchange = new LinkedExchange(frame, wire);
                open.put(frame.number(), exchange);
                requests.execute(() -> {
                    try {
                        handler.handle(exchange);
                    } finally {
                        open.remove(frame.number());
                    }
                });
            }
            case GONE -> {
                LinkedExchange left = open.get(frame.number());
                if (left != null) {
                    left.leave();
                }
            }
            case END -> ended.run();
            default -> throw new IllegalStateException("a front does not send " + frame.kind());
        }
    }

    @Override
    public int port() {
        return 0;
    }

    @Override
    public void close() {
        wire.close();
        requests.shutdownNow();
    }
}
