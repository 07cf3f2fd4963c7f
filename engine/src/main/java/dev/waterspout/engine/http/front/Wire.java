package dev.waterspout.engine.http.front;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** A connection between a front and rank 0. One thread reads, any thread writes. */
final class Wire implements AutoCloseable {
    private final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final Object writing = new Object();

    Wire(SocketChannel channel) {
        this.channel = channel;
        this.in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
        this.out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel)));
    }

    Frame read() throws IOException {
        return Frame.read(in);
    }

    void write(Frame frame) throws IOException {
        synchronized (writing) {
            frame.write(out);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException closed) {
            // The connection is not used any more, so a failure to close it changes nothing.
        }
    }
}
