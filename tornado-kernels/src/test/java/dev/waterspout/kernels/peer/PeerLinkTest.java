package dev.waterspout.kernels.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceCodec;
import dev.waterspout.kernels.device.DevicePackets;
import dev.waterspout.kernels.device.ExactPlans;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.weights.DeviceTables;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies between the devices that are there: the emulator has none, an SDK's are the profile tornadovm's. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PeerLinkTest {
    private static final int ROWS = 5;
    private static final float RESIDUAL = 0.5f;

    /** Backends whose devices can copy from each other. */
    enum Backend {
        OPENCL(TornadoVMBackendType.OPENCL),
        CUDA(TornadoVMBackendType.CUDA);

        private final TornadoVMBackendType type;

        Backend(TornadoVMBackendType type) {
            this.type = type;
        }

        List<TornadoDevice> devices() {
            List<TornadoDevice> devices = RuntimeDevices.all().stream()
                    .filter(device -> RuntimeDevices.areReal() && device.getTornadoVMBackend() == type)
                    .toList();
            Assumptions.assumeTrue(devices.size() > 1, "skipped: needs two " + this + " devices of an SDK");
            return devices.subList(0, 2);
        }
    }

    private static PeerLink connect(List<TornadoDevice> devices) {
        PeerLink.Result result = PeerLink.connect(devices);
        assertThat(result).isInstanceOf(PeerLink.Result.Connected.class);
        return ((PeerLink.Result.Connected) result).link();
    }

    private static TornadoDevice device(TornadoVMBackendType backend, String platform) {
        return (TornadoDevice) Proxy.newProxyInstance(
                TornadoDevice.class.getClassLoader(),
                new Class<?>[] {TornadoDevice.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "getTornadoVMBackend" -> backend;
                    case "getPlatformName" -> platform;
                    case "getDeviceName" -> "device";
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Test
    void theEmulatorIsRefusedWithAReason() {
        Assumptions.assumeFalse(RuntimeDevices.areReal(), "skipped: an SDK is running");
        assertThat(PeerLink.connect(RuntimeDevices.all()))
                .isEqualTo(new PeerLink.Result.Refused("devices of the emulator have no memory of their own"));
    }

    @Test
    void devicesThatCannotReachEachOtherAreRefusedWithAReason() {
        TornadoDevice openCl = device(TornadoVMBackendType.OPENCL, "p");
        assertThat(PeerLink.connect(List.of(openCl, device(TornadoVMBackendType.OPENCL, "q"))))
                .isEqualTo(new PeerLink.Result.Refused("p device and q device are of different platforms"));
        assertThat(PeerLink.connect(List.of(openCl, device(TornadoVMBackendType.CUDA, "p"))))
                .isEqualTo(new PeerLink.Result.Refused("p device and p device are of different platforms"));
        assertThat(PeerLink.connect(List.of(device(TornadoVMBackendType.PTX, "p"))))
                .isEqualTo(new PeerLink.Result.Refused("no copies between devices are known for the backend PTX"));
    }

    /** Two plans, each with one array on a device and its address here. */
    private record Resident(TornadoExecutionPlan plan, ByteArray bytes, List<DeviceArray> addresses) {
        static Resident of(String name, TornadoDevice device, int size) {
            ByteArray bytes = new ByteArray(size);
            List<DeviceArray> addresses = new ArrayList<>();
            TaskGraph graph = new TaskGraph(name).transferToDevice(DataTransferMode.FIRST_EXECUTION, bytes);
            Access[] access = {Access.READ_WRITE};
            graph.libraryTask(
                    "capture",
                    array ->
                            DeviceMemoryProvider.describe("capture", arrays -> addresses.addAll(arrays), access, array),
                    bytes);
            graph.transferToHost(DataTransferMode.EVERY_EXECUTION, bytes);
            return new Resident(new TornadoExecutionPlan(graph.snapshot()).withDevice(device), bytes, addresses);
        }

        /** Where the last execution found the array. */
        DeviceArray address() {
            return addresses.getLast();
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENCL, 0, 1", "OPENCL, 1, 0", "OPENCL, 0, 0", "CUDA, 0, 1", "CUDA, 1, 0", "CUDA, 0, 0"})
    void copiesEveryBit(Backend backend, int from, int to) throws TornadoExecutionPlanException {
        List<TornadoDevice> devices = backend.devices();
        PeerCopier copier = connect(devices).copier();
        int size = (16 << 20) + 9;
        Resident source = Resident.of("source", devices.get(from), size);
        Resident target = Resident.of("target", devices.get(to), size);
        byte[] expected = new byte[size];
        new Random(1).nextBytes(expected);
        source.bytes().getSegment().copyFrom(MemorySegment.ofArray(expected));
        target.bytes().init((byte) 7);
        MemorySegment seen = target.bytes().getSegment();
        try (TornadoExecutionPlan sourcePlan = source.plan();
                TornadoExecutionPlan targetPlan = target.plan()) {
            sourcePlan.execute();
            targetPlan.execute();
            assertThat(source.address().bytes()).isEqualTo(size);
            assertThat(source.address().base()).isNotEqualTo(target.address().base());
            for (int bytes : new int[] {1, 3, 15, 16, 17, 4097, 1 << 16, (1 << 20) + 1, 16 << 20}) {
                int sourceOffset = bytes % 8;
                int targetOffset = bytes % 5;
                byte[] before = seen.toArray(ValueLayout.JAVA_BYTE);
                System.arraycopy(expected, sourceOffset, before, targetOffset, bytes);
                PeerCopy copy = new PeerCopy(source.address(), sourceOffset, targetOffset, bytes);
                copier.pull(target.address(), List.of(copy));
                targetPlan.execute();
                assertThat(seen.mismatch(MemorySegment.ofArray(before))).isEqualTo(-1);
            }
            assertThat(source.bytes().getSegment().mismatch(MemorySegment.ofArray(expected)))
                    .isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void aFailureInATaskIsSeen(Backend backend) throws TornadoExecutionPlanException {
        List<TornadoDevice> devices = backend.devices();
        ByteArray bytes = new ByteArray(16);
        Access[] access = {Access.READ_ONLY};
        TaskGraph graph = new TaskGraph("failing").transferToDevice(DataTransferMode.EVERY_EXECUTION, bytes);
        DeviceMemoryTask failing = _ -> {
            throw new PeerException("refused");
        };
        graph.libraryTask("fail", array -> DeviceMemoryProvider.describe("fail", failing, access, array), bytes);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot()).withDevice(devices.getFirst())) {
            assertThatExceptionOfType(PeerException.class)
                    .isThrownBy(plan::execute)
                    .withMessage("refused");
        }
    }

    /** A rank that quantizes, and then sums its packets. */
    private static final class Summing {
        final TornadoExecutionPlan plan;
        final ByteArray encoded;
        final ByteArray packets;
        final FloatArray residual;

        /** The rank's end of a link; null where packets go through the host. */
        final @Nullable PeerEnd end;

        Summing(int rank, TornadoDevice device, DeviceCodec codec, FloatArray partial, @Nullable PeerEnd end) {
            this.end = end;
            String name = "rank" + rank;
            IntArray step = Step.allocate();
            step.set(Step.ROWS, ROWS);
            FloatArray powers = DeviceTables.create();
            int bytes = codec.packedBytes(ROWS);
            encoded = new ByteArray(bytes);
            packets = new ByteArray(bytes);
            residual = new FloatArray(partial.getSize());
            residual.init(RESIDUAL);
            KernelDevice kernels = KernelDevice.of(device);
            KernelGraph quantize = new KernelGraph(name + "Quantize", kernels, ROWS, step, powers);
            quantize.taskGraph()
                    .transferToDevice(
                            DataTransferMode.EVERY_EXECUTION,
                            step,
                            powers,
                            codec.parameters(),
                            partial,
                            encoded,
                            packets);
            quantize.quantize("quantize", codec, partial, encoded);
            KernelGraph sum = new KernelGraph(name + "Sum", kernels, ROWS, step, powers);
            sum.taskGraph()
                    .transferToDevice(DataTransferMode.EVERY_EXECUTION, step, powers, codec.parameters(), residual);
            PeerEnd.touch(quantize.taskGraph(), "touch", packets);
            sum.taskGraph().consumeFromDevice(encoded);
            if (end != null) {
                end.locate(quantize.taskGraph(), List.of(encoded, packets));
                sum.taskGraph().consumeFromDevice(packets);
            } else {
                quantize.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, encoded);
                sum.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, packets);
            }
            quantize.taskGraph().persistOnDevice(encoded, packets);
            sum.dequantizeSum("sum", codec, new DevicePackets(packets, encoded, rank, 2), residual);
            sum.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, residual);
            GridScheduler grids = new GridScheduler();
            quantize.addTo(grids);
            sum.addTo(grids);
            quantize.prepare();
            sum.prepare();
            TornadoExecutionPlan made = new TornadoExecutionPlan(
                            quantize.taskGraph().snapshot(), sum.taskGraph().snapshot())
                    .withDevice(device)
                    .withGridScheduler(grids);
            plan = ExactPlans.exact(made, device);
        }
    }

    private static float[] sums(List<TornadoDevice> devices, String format, boolean peer)
            throws TornadoExecutionPlanException {
        PeerLink link = connect(devices);
        Random random = new Random(5);
        int columns = 160;
        DeviceCodec codec = DeviceCodec.of(WireFormat.parse(format), columns);
        Summing[] ranks = new Summing[2];
        for (int rank = 0; rank < 2; rank++) {
            FloatArray partial = new FloatArray(ROWS * columns);
            for (int i = 0; i < partial.getSize(); i++) {
                partial.set(i, (float) random.nextGaussian());
            }
            ranks[rank] = new Summing(rank, devices.get(rank), codec, partial, peer ? link.end(rank) : null);
        }
        try (TornadoExecutionPlan first = ranks[0].plan;
                TornadoExecutionPlan second = ranks[1].plan) {
            first.withGraph(0).execute();
            second.withGraph(0).execute();
            if (peer) {
                Stream.of(ranks)
                        .forEach(rank -> Objects.requireNonNull(rank.end).offer(rank.encoded));
                Stream.of(ranks)
                        .forEach(rank -> Objects.requireNonNull(rank.end).gather(rank.packets, rank.packets.getSize()));
            } else {
                ranks[0].packets.getSegment().copyFrom(ranks[1].encoded.getSegment());
                ranks[1].packets.getSegment().copyFrom(ranks[0].encoded.getSegment());
            }
            first.withGraph(1).execute();
            second.withGraph(1).execute();
        }
        assertThat(ranks[0].residual.toHeapArray()).isEqualTo(ranks[1].residual.toHeapArray());
        return ranks[0].residual.toHeapArray();
    }

    @ParameterizedTest
    @CsvSource({
        "OPENCL, e2m1:32:e8m0",
        "OPENCL, int8:128:f16",
        "OPENCL, bf16",
        "CUDA, e2m1:32:e8m0",
        "CUDA, int8:128:f16",
        "CUDA, bf16"
    })
    void sumsEqualThoseThroughTheHost(Backend backend, String format) throws TornadoExecutionPlanException {
        List<TornadoDevice> devices = backend.devices();
        float[] staged = sums(devices, format, false);
        assertThat(sums(devices, format, true)).isEqualTo(staged);
        assertThat(staged[0]).isNotEqualTo(RESIDUAL);
    }
}
