package dev.waterspout.emulator.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Makes the arrays that a kernel sees. Their constructors must not be public, for the real API has none such; the
 * array class hands its factory in here instead.
 */
public final class ArrayViews {
    private static volatile @Nullable Factory factory;

    private ArrayViews() {}

    /** Makes a view. */
    @FunctionalInterface
    public interface Factory {
        /** An array of the same class as {@code array}, over a segment with header, that reports each access. */
        TornadoNativeArray view(TornadoNativeArray array, MemorySegment segment, ArrayAccess access);
    }

    /** Called once, by the array class. */
    public static void install(Factory arrayFactory) {
        factory = arrayFactory;
    }

    static TornadoNativeArray view(TornadoNativeArray array, MemorySegment segment, ArrayAccess access) {
        return Objects.requireNonNull(factory, "an array exists, so its class has been initialized")
                .view(array, segment, access);
    }
}
