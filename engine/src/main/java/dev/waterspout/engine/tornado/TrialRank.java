package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.interconnect.collective.PeerPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.peer.PeerEnd;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;

/**
 * One rank's part of a trial: exchanges of one message size without arithmetic. Its graphs copy data through the host
 * and from device to device. They have no kernels, so nothing is compiled. The arrays are as large as those of a phase.
 */
final class TrialRank implements AutoCloseable {
    private static final int SEND_STAGED = 0;
    private static final int RECEIVE_STAGED = 1;
    /**
     * Index of the first of two graphs that offer the partial, one for each array of {@link #offered}. Exchanges
     * alternate between them.
     */
    private static final int SEND_PEER = 2;

    private static final int RECEIVE_PEER = 4;

    private final String name;
    private final PeerEnd end;
    private final WireFormat format;
    private final int bytes;
    private final ByteArray encoded;
    private final ByteArray staged;
    private final List<ByteArray> offered;
    private final ByteArray gathered;
    private final TornadoExecutionPlan plan;
    private int turn;

    /**
     * Allocates the arrays. Nothing runs on the device yet.
     *
     * @param name name of the device on the command line
     * @param device device of the rank
     * @param end the rank's end of a link between the devices of all ranks, used by trials only, one at a time
     * @param format wire format of partials
     * @param bytes bytes of an encoded partial
     * @param ranks number of ranks
     */
    TrialRank(String name, TornadoDevice device, PeerEnd end, WireFormat format, int bytes, int ranks) {
        this.name = name;
        this.end = end;
        this.format = format;
        this.bytes = bytes;
        this.encoded = zeros(bytes);
        this.staged = zeros(Math.multiplyExact(ranks, bytes));
        this.offered = List.of(zeros(bytes), zeros(bytes));
        this.gathered = zeros(Math.multiplyExact(ranks - 1, bytes));
        this.plan = new TornadoExecutionPlan(
                        Stream.of(sendStaged(), receiveStaged(), sendPeer(0), sendPeer(1), receivePeer())
                                .map(TaskGraph::snapshot)
                                .toArray(ImmutableTaskGraph[]::new))
                .withDevice(device);
    }

    private static ByteArray zeros(int bytes) {
        ByteArray array = new ByteArray(bytes);
        array.init((byte) 0);
        return array;
    }

    private TaskGraph sendStaged() {
        TaskGraph graph = new TaskGraph("trialSendStaged").transferToDevice(DataTransferMode.FIRST_EXECUTION, encoded);
        PeerEnd.touch(graph, "touch", encoded);
        return graph.transferToHost(DataTransferMode.EVERY_EXECUTION, encoded);
    }

    private TaskGraph receiveStaged() {
        TaskGraph graph =
                new TaskGraph("trialReceiveStaged").transferToDevice(DataTransferMode.EVERY_EXECUTION, staged);
        PeerEnd.touch(graph, "touch", staged);
        return graph.persistOnDevice(staged);
    }

    /** In a run, kernels of this graph write the array. */
    private TaskGraph sendPeer(int which) {
        ByteArray array = offered.get(which);
        TaskGraph graph = new TaskGraph("trialSendPeer" + which)
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, array, gathered);
        end.locate(graph, List.of(array, gathered));
        return graph.persistOnDevice(array, gathered);
    }

    /** Follows the copies in the plan's stream. In a run, kernels of this graph read what was gathered. */
    private TaskGraph receivePeer() {
        TaskGraph graph = new TaskGraph("trialReceivePeer").consumeFromDevice(gathered);
        PeerEnd.touch(graph, "touch", gathered);
        return graph.persistOnDevice(gathered);
    }

    /** Leaves this rank's partial on the host; {@return the port of the exchange that follows} */
    StagedPort sendStagedPartial() {
        execute(SEND_STAGED);
        return new Staged();
    }

    /** Offers this rank's partial on its device; {@return the port of the exchange that follows} */
    PeerPort sendPeerPartial() {
        execute(SEND_PEER + turn);
        end.offer(offered.get(turn));
        turn = 1 - turn;
        return new Peer();
    }

    private void execute(int graph) {
        try {
            plan.withGraph(graph).execute();
        } catch (RuntimeException | Error failure) { // TornadoVM throws Errors as well as exceptions
            throw new DeviceException(
                    "device " + name + " failed in a trial of its transports: " + failure.getMessage(), failure);
        }
    }

    @Override
    public void close() {
        try {
            plan.close();
        } catch (TornadoExecutionPlanException failure) {
            throw new DeviceException("device " + name + " could not be released: " + failure.getMessage(), failure);
        }
    }

    private final class Staged implements StagedPort {
        @Override
        public WireFormat format() {
            return format;
        }

        @Override
        public void encode(Tile tile, MemorySegment payload) {
            payload.copyFrom(encoded.getSegment().asSlice(0, payload.byteSize()));
        }

        @Override
        public void decodeSum(MemorySegment[] payloads, Tile tile) {
            for (int rank = 0; rank < payloads.length; rank++) {
                MemorySegment.copy(
                        payloads[rank], 0, staged.getSegment(), (long) rank * bytes, payloads[rank].byteSize());
            }
            execute(RECEIVE_STAGED);
        }

        @Override
        public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
            decodeSum(payloads, tile);
            execute(SEND_STAGED);
            encode(tile, payload);
        }

        @Override
        public void addOwn(int rows) {
            // Called if no message is exchanged. A trial has no arithmetic, so there is nothing to add.
        }
    }

    private final class Peer implements PeerPort {
        @Override
        public WireFormat format() {
            return format;
        }

        @Override
        public void fetchSum(int rows) {
            end.gather(gathered, bytes);
            execute(RECEIVE_PEER);
        }

        @Override
        public void addOwn(int rows) {
            // Called if no message is exchanged. A trial has no arithmetic, so there is nothing to add.
        }
    }
}
