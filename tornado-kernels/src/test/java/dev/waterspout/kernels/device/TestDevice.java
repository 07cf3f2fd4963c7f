package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.host.Activations;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A device of the runtime with one variant of the kernels. Each is tested with both variants. The property
 * {@code tested.devices} restricts tests to devices whose names begin with its value, such as {@code tornado:cuda}.
 */
record TestDevice(String name, TornadoDevice device, KernelDevice kernels) {
    /** The text printed if the OpenCL driver refuses a launch; nothing is thrown, and results are stale. */
    static final String NATIVE_ERROR = "[TornadoVM-OCL-JNI] ERROR";

    private static final List<String> NATIVE_ERRORS =
            List.of(NATIVE_ERROR, "[TornadoVM-CUDA-JNI] ERROR", "[TornadoVM-PTX-JNI] ERROR", "[cuda stand-in] ERROR");

    /**
     * {@return both variants of one device of each kind: of devices of an SDK that have the same name and driver, or of
     * the emulator's that have the same type, the first}
     */
    static Stream<TestDevice> ofEachKind() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        String prefix = System.getProperty("tested.devices", "");
        List<TestDevice> devices = new ArrayList<>();
        Set<String> kinds = new HashSet<>();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            String type = runtime.getBackendType(b).name().toLowerCase(Locale.ROOT);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                TornadoDevice device = backend.getDevice(d);
                if (!("tornado:" + type + ":" + d).startsWith(prefix) || !kinds.add(kind(device))) {
                    continue;
                }
                for (KernelVariant variant : KernelVariant.values()) {
                    String name = backend.getName() + ":" + d + " " + variant;
                    devices.add(new TestDevice(name, device, new KernelDevice(variant, DeviceLimits.of(device))));
                }
            }
        }
        assertThat(devices).as("devices of the runtime").isNotEmpty();
        return devices.stream();
    }

    private static String kind(TornadoDevice device) {
        return isReal()
                ? DeviceIdentity.of(device).label()
                : device.getDeviceType().name();
    }

    /**
     * {@return the first device of each runtime with each choice of a kernel, in its smallest and largest groups}
     *
     * @param shape one that has all choices; shapes that have not run by default
     */
    static Stream<TestDevice> choosing(KernelShape shape) {
        TestDevice first = ofEachKind().findFirst().orElseThrow();
        Map<String, List<KernelChoice>> kernels = KernelCandidates.of(shape, first.kernels).stream()
                .collect(Collectors.groupingBy(
                        choice -> choice.cut() + " x" + choice.perItem(), LinkedHashMap::new, Collectors.toList()));
        return kernels.values().stream()
                .flatMap(each -> Stream.of(
                                Collections.min(each, Comparator.comparingInt(KernelChoice::local)),
                                Collections.max(each, Comparator.comparingInt(KernelChoice::local)))
                        .distinct())
                .map(first::choosing);
    }

    private TestDevice choosing(KernelChoice choice) {
        // How many elements fill whole bytes depends on the format.
        KernelChoices choices = shape -> KernelCandidates.of(shape, kernels).stream()
                .filter(each -> each.cut() == choice.cut() && each.local() == choice.local())
                .filter(each -> each.cut() == KernelCut.BLOCK || each.perItem() == choice.perItem())
                .findFirst();
        return new TestDevice(name + " " + choice.label(), device, kernels.with(choices));
    }

    /** {@return this device, whose products round the inputs of quantized weights to 8 bits} */
    TestDevice rounding() {
        return new TestDevice(name + " rounding", device, kernels.with(Activations.INT8));
    }

    /** {@return whether products round the inputs of quantized weights} */
    boolean rounds() {
        return kernels.activations() == Activations.INT8;
    }

    /**
     * {@return the devices that run kernels for tensor cores: the emulator's GPU, and CUDA devices where CUDA is
     * TornadoVM's default backend}
     */
    static Stream<TestDevice> withTensorCores() {
        return ofEachKind()
                .filter(each -> each.kernels.variant() == KernelVariant.GROUPS)
                .filter(each -> each.device.getDeviceType() == TornadoDeviceType.GPU)
                .filter(each -> !isReal() || KernelDevice.of(each.device).hasTensorCores())
                .map(each -> {
                    KernelDevice cores =
                            new KernelDevice(KernelVariant.GROUPS, each.kernels.limits(), KernelChoices.DEFAULTS, true);
                    return new TestDevice(each.name + " tensor cores", each.device, cores);
                });
    }

    /**
     * {@return this device with products by one cut}
     *
     * @param cut the cut; all shapes that run have it
     * @param items work-items of a work-group
     */
    TestDevice multiplying(KernelCut cut, int items) {
        KernelChoices choices = shape -> KernelCandidates.of(shape, kernels).stream()
                .filter(choice -> choice.cut() == cut && choice.local() == items)
                .findFirst();
        return new TestDevice(name + " " + cut, device, kernels.with(choices));
    }

    /** {@return whether an SDK is running, rather than the emulator} */
    static boolean isReal() {
        return FloatArray.class.getModule().isNamed();
    }

    /** Builds a plan of a graph. */
    TestPlan plan(KernelGraph graph) {
        GridScheduler grids = new GridScheduler();
        graph.addTo(grids);
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.taskGraph().snapshot())
                .withDevice(device)
                .withGridScheduler(grids);
        return new TestPlan(graph, ExactPlans.exact(plan, device));
    }

    /** Executes a graph once. */
    void run(KernelGraph graph) {
        try (TestPlan plan = plan(graph)) {
            plan.execute();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** A plan whose executions fail if the driver prints an error. */
    record TestPlan(KernelGraph graph, TornadoExecutionPlan plan) implements AutoCloseable {
        void execute() {
            graph.prepare();
            if (!isReal()) {
                plan.execute();
                return;
            }
            String output;
            try (NativeOutput capture = NativeOutput.capture()) {
                plan.execute();
                output = capture.finish();
            }
            assertThat(output).doesNotContain(NATIVE_ERRORS);
        }

        @Override
        public void close() {
            plan.freeDeviceMemory();
            try {
                plan.close();
            } catch (TornadoExecutionPlanException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
