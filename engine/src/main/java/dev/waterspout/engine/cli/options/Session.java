package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.Agreement;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.engine.tornado.PeerShards;
import dev.waterspout.engine.tornado.PeerTrial;
import dev.waterspout.engine.tornado.PeerUse;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.transport.Transport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The ranks of this process and their devices: all of a group's, or, where a launcher started several processes, one.
 *
 * @param threads the ranks
 * @param devices one per rank of this process
 * @param hosts of all ranks
 * @param localRanks how many ranks share this machine
 * @param transport what moves messages, for people
 */
public record Session(RankThreads threads, List<Device> devices, List<String> hosts, int localRanks, String transport)
        implements AutoCloseable {
    /**
     * Starts the ranks.
     *
     * @param plan how many, on which devices
     * @param comm how they reach each other
     * @param err where a lost process says why it ends
     */
    public static Session open(PlanOptions plan, CommOptions comm, PrintWriter err) {
        Duration timeout = comm.peerTimeout();
        int processes = Environment.processes();
        int ranks = plan.ranks(processes);
        if (processes == 0) {
            List<Device> devices = plan.devices(ranks, err);
            return new Session(
                    RankThreads.inProcess(ranks, timeout), devices, List.of("localhost"), ranks, "in-process");
        }
        RankThreads threads = RankThreads.joining(() -> LaunchedGroup.join(comm, err), timeout);
        Transport transport = threads.members().getFirst().transport();
        try {
            if (transport.size() != ranks) {
                throw new InterconnectException("rank " + transport.rank() + " sees a group of " + transport.size()
                        + " ranks, and " + ranks + " were started; the launcher and the transport "
                        + transport.description() + " do not belong together");
            }
            int locals = transport.localSize();
            return new Session(
                    threads,
                    plan.localDevice(transport.localRank(), locals, err),
                    transport.hosts(),
                    locals,
                    transport.description());
        } catch (Throwable failure) {
            threads.abort(failure);
            threads.close();
            throw failure;
        }
    }

    /** Returns the number of ranks of the group. */
    public int ranks() {
        return threads.size();
    }

    /** Returns whether this process talks to the user. */
    public boolean hasTerminal() {
        return threads.hasRoot();
    }

    /**
     * Makes sure that all processes of the group mean the same.
     *
     * @param facts what each means, by name
     * @return the devices of all ranks of the group
     */
    public List<String> agree(Map<String, String> facts) {
        List<String> own = devices.stream().map(Device::name).toList();
        if (!threads.distributed()) {
            return own;
        }
        List<Map<String, String>> all = Agreement.share(threads, facts, Map.of("device", own.getFirst()));
        return IntStream.range(0, all.size())
                .mapToObj(rank -> all.get(rank).getOrDefault("device", "?"))
                .toList();
    }

    /**
     * Returns what puts shards on the devices of this process, connected with each other where they can be and where that
     * is faster.
     *
     * @param comm whether they are to be
     * @param options of the run
     * @param width of the model
     * @param err receives a line where they cannot be, or where the choice is to be explained
     */
    public List<ShardFactory> shards(CommOptions comm, RankOptions options, int width, PrintWriter err) {
        List<ShardFactory> staged = devices.stream().map(Device::shards).toList();
        boolean offered = devices.stream().allMatch(device -> device.name().startsWith("tornado:"));
        if (!comm.wantsPeer() || staged.size() < 2 || !(offered || comm.insistsOnPeer())) {
            return staged;
        }
        PeerShards.Result first = PeerShards.connect(staged);
        if (first instanceof PeerShards.Result.Connected(List<ShardFactory> connected) && !comm.insistsOnPeer()) {
            PeerTrial trial = new PeerTrial(connected, options, width);
            threads.run(member -> trial.run(member.exchange()));
            if (comm.explains()) {
                err.println(trial.explain());
                err.flush();
            }
            PeerUse use = trial.decide();
            return use.any() ? connectedOrStaged(PeerShards.connect(staged, use), staged, err) : staged;
        }
        return connectedOrStaged(first, staged, err);
    }

    private static List<ShardFactory> connectedOrStaged(
            PeerShards.Result result, List<ShardFactory> staged, PrintWriter err) {
        return switch (result) {
            case PeerShards.Result.Connected(List<ShardFactory> connected) -> connected;
            case PeerShards.Result.Refused(String reason) -> {
                err.println("waterspout: partials go through the host: " + reason);
                err.flush();
                yield staged;
            }
        };
    }

    /** Tells the other processes that this one cannot go on. */
    public void abort(Throwable cause) {
        threads.abort(cause);
    }

    @Override
    public void close() {
        threads.close();
    }
}
