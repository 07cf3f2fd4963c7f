package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.mpi.SimulatedFault.Kind;
import dev.waterspout.interconnect.mpi.SimulatedNetwork.Request;
import dev.waterspout.interconnect.testing.VirtualTime.Stopped;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** MPI of one rank over a {@link SimulatedNetwork}, and the process that calls it. */
final class SimulatedMpi implements MpiHost {
    private static final MpiAbi ABI = new MpiAbi(
            Launcher.UNKNOWN,
            List.of(),
            List.of(),
            new MpiAbi.Handles(ValueLayout.JAVA_LONG, "0x1", "0x2", "0x0", "0x3"),
            new MpiAbi.Numbers(SimulatedNetwork.ANY, -1, 7),
            new MpiAbi.Status(16, 4, 8));
    private static final int COUNT = 12;
    private static final int UNDEFINED = -32766;
    private static final int IN_STATUS = 17;
    private static final int FAILED = 16;
    private static final int LARGEST_TAG = Integer.MAX_VALUE;
    private static final long SHORTEST_PAUSE = 1_000_000;
    private static final long LONGEST_PAUSE = 100_000_000;
    /** Number of consecutive polls that take no virtual time. */
    private static final int FREE_POLLS = 8;

    private static final long POLL = 1_000;
    private static final long FIRST_PROCESS = 1_000_000;

    private final Simulation simulation;
    private final int rank;
    private final Arena memory = Arena.ofAuto();
    private final MemorySegment tagLimit = memory.allocateFrom(ValueLayout.JAVA_INT, LARGEST_TAG);
    private final Map<Long, Request> requests = new HashMap<>();
    /** The number of a communicator by the request that created it. */
    private final Map<Long, Integer> duplicates = new HashMap<>();

    private long lastHandle = 100;
    private long lastPoll;
    private int polls;
    private long calls;

    SimulatedMpi(Simulation simulation, int rank) {
        this.simulation = simulation;
        this.rank = rank;
    }

    /** {@return this library, as {@link MpiTransport} calls it} */
    MpiLibrary library() {
        Class<MemorySegment> pointer = MemorySegment.class;
        MethodType transfer = MethodType.methodType(
                int.class, pointer, int.class, long.class, int.class, int.class, long.class, pointer);
        return new MpiLibrary(
                "simulated",
                ABI,
                new MpiFunctions(
                        bind("initThread", pointer, pointer, int.class, pointer),
                        bind("finish"),
                        bind("errorString", int.class, pointer, pointer),
                        bind("errorClass", int.class, pointer),
                        bind("processorName", pointer, pointer),
                        bind("commRank", long.class, pointer),
                        bind("commSize", long.class, pointer),
                        bind("commAttribute", long.class, int.class, pointer, pointer),
                        bind("commErrorHandler", long.class, long.class),
                        bind("commDuplicate", long.class, pointer, pointer),
                        bind("send", transfer),
                        bind("sendMatched", transfer),
                        bind("receive", transfer),
                        bind("testSome", int.class, pointer, pointer, pointer, pointer),
                        bind("count", pointer, long.class, pointer)));
    }

    private MethodHandle bind(String name, Class<?>... parameters) {
        return bind(name, MethodType.methodType(int.class, parameters));
    }

    private MethodHandle bind(String name, MethodType type) {
        try {
            return MethodHandles.lookup().bind(this, name, type);
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError(String.valueOf(impossible.getMessage()), impossible);
        }
    }

    /**
     * Begins a call of MPI, in which the process may be killed, delayed, or receive an error; {@return the error code}
     */
    private int called() {
        SimulatedFault fault = simulation.fault();
        boolean struck = fault.strikes(rank, calls++);
        if (simulation.isDead(rank) || (struck && fault.kind() == Kind.DEATH)) {
            simulation.die(rank);
            throw new Stopped("rank " + rank + " was killed");
        }
        if (struck && fault.kind() == Kind.BUSY) {
            long until = nanoTime() + 2 * SimulatedFault.TIMEOUT;
            while (nanoTime() < until) { // messages wake the rank early
                simulation.time().sleep(rank, until);
            }
        }
        return struck && fault.kind() == Kind.ERROR ? FAILED : 0;
    }

    int initThread(MemorySegment count, MemorySegment arguments, int required, MemorySegment provided) {
        provided.set(ValueLayout.JAVA_INT, 0, required);
        return 0;
    }

    int finish() {
        return 0;
    }

    int errorString(int error, MemorySegment text, MemorySegment length) {
        text.setString(0, "simulated error " + error);
        return 0;
    }

    int errorClass(int error, MemorySegment value) {
        value.set(ValueLayout.JAVA_INT, 0, error);
        return 0;
    }

    int processorName(MemorySegment name, MemorySegment length) {
        name.setString(0, "host" + rank);
        return 0;
    }

    int commRank(long communicator, MemorySegment value) {
        value.set(ValueLayout.JAVA_INT, 0, rank);
        return 0;
    }

    int commSize(long communicator, MemorySegment value) {
        value.set(ValueLayout.JAVA_INT, 0, simulation.ranks());
        return 0;
    }

    int commAttribute(long communicator, int key, MemorySegment value, MemorySegment found) {
        value.set(ValueLayout.ADDRESS, 0, tagLimit);
        return 0;
    }

    int commErrorHandler(long communicator, long handler) {
        return 0;
    }

    int commDuplicate(long communicator, MemorySegment copy, MemorySegment request) {
        int number = simulation.network().duplicate(rank);
        copy.set(ValueLayout.JAVA_LONG, 0, number);
        request.set(ValueLayout.JAVA_LONG, 0, ++lastHandle);
        duplicates.put(lastHandle, number);
        return called();
    }

    int send(MemorySegment message, int count, long type, int peer, int tag, long communicator, MemorySegment request) {
        return send(message, peer, tag, communicator, request, false);
    }

    int sendMatched(
            MemorySegment message, int count, long type, int peer, int tag, long communicator, MemorySegment request) {
        return send(message, peer, tag, communicator, request, true);
    }

    private int send(
            MemorySegment message, int peer, int tag, long communicator, MemorySegment request, boolean matched) {
        int error = called();
        if (error == 0) {
            put(request, simulation.network().send(rank, peer, (int) communicator, message, tag, matched));
        }
        return error;
    }

    int receive(
            MemorySegment message, int count, long type, int peer, int tag, long communicator, MemorySegment request) {
        int error = called();
        if (error == 0) {
            put(request, simulation.network().receive(rank, peer, (int) communicator, message));
        }
        return error;
    }

    private void put(MemorySegment handle, Request request) {
        handle.set(ValueLayout.JAVA_LONG, 0, ++lastHandle);
        requests.put(lastHandle, request);
    }

    int testSome(
            int count, MemorySegment handles, MemorySegment completed, MemorySegment indices, MemorySegment statuses) {
        int error = called();
        polls = nanoTime() == lastPoll ? polls + 1 : 0;
        if (polls > FREE_POLLS) { // a rank that polls without progress
            simulation.time().sleep(rank, nanoTime() + POLL);
        }
        lastPoll = nanoTime();
        simulation.network().deliver(rank);
        int active = 0;
        int done = 0;
        for (int i = 0; i < count; i++) {
            long handle = handles.getAtIndex(ValueLayout.JAVA_LONG, i);
            if (handle == 0) {
                continue;
            }
            active++;
            Request request = requests.get(handle);
            boolean complete = request == null
                    ? simulation.network().hasAll(duplicates.getOrDefault(handle, Integer.MAX_VALUE))
                    : simulation.network().isComplete(request);
            if (complete || error != 0) {
                indices.setAtIndex(ValueLayout.JAVA_INT, done, i);
                MemorySegment status = statuses.asSlice(
                        (long) done++ * ABI.status().bytes(), ABI.status().bytes());
                status.fill((byte) 0);
                status.set(ValueLayout.JAVA_INT, ABI.status().error(), error);
                if (request != null) {
                    status.set(ValueLayout.JAVA_INT, ABI.status().tag(), request.tag());
                    status.set(ValueLayout.JAVA_INT, COUNT, request.received());
                    status.set(ValueLayout.JAVA_INT, ABI.status().error(), error == 0 ? request.error() : error);
                }
                requests.remove(handle);
                handles.setAtIndex(ValueLayout.JAVA_LONG, i, 0);
            }
        }
        completed.set(ValueLayout.JAVA_INT, 0, active == 0 ? UNDEFINED : done);
        boolean failed = error != 0;
        for (int i = 0; i < done; i++) {
            failed |= statuses.get(
                            ValueLayout.JAVA_INT,
                            (long) i * ABI.status().bytes() + ABI.status().error())
                    != 0;
        }
        return failed ? IN_STATUS : 0;
    }

    int count(MemorySegment status, long type, MemorySegment value) {
        value.set(ValueLayout.JAVA_INT, 0, status.get(ValueLayout.JAVA_INT, COUNT));
        return 0;
    }

    @Override
    public long nanoTime() {
        return simulation.time().now();
    }

    @Override
    public BackOff backOff(boolean spin) {
        return new BackOff(true) {
            @Override
            void pause(Object waiter, long waitedNanos) {
                simulation
                        .time()
                        .sleep(
                                rank,
                                Math.min(
                                        simulation.network().nextArrival(rank),
                                        nanoTime() + Math.clamp(waitedNanos / 4, SHORTEST_PAUSE, LONGEST_PAUSE)));
            }
        };
    }

    @Override
    public Arena memory() {
        return memory;
    }

    @Override
    public void retain(Object used) {
        // The simulation keeps the buffers of its messages reachable.
    }

    @Override
    public long processId() {
        return FIRST_PROCESS + rank;
    }

    @Override
    public String machine(String host) {
        return simulation.fault().seen() ? "one machine" : "";
    }

    @Override
    public @Nullable BooleanSupplier watch(long processId) {
        return () -> simulation.hasEnded((int) (processId - FIRST_PROCESS));
    }
}
