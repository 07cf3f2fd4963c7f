package dev.waterspout.emulator.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Creates the views of arrays that a kernel receives. Their constructors cannot be public, because the real API has
 * no such constructors. So the array classes register their factories here.
 */
public final class ArrayViews {
    private static volatile @Nullable Factory factory;

    private ArrayViews() {}

    /** Creates a view. */
    @FunctionalInterface
    public interface Factory {
        /** An array of the same class as {@code array}, over a segment with header, that reports each access. */
        TornadoNativeArray view(TornadoNativeArray array, MemorySegment segment, ArrayAccess access);
    }

    /** Registers the factory; the array class calls this once. */
    public static void install(Factory arrayFactory) {
        factory = arrayFactory;
    }

    static TornadoNativeArray view(TornadoNativeArray array, MemorySegment segment, ArrayAccess access) {
        return Objects.requireNonNull(factory, "an array exists, so its class has been initialized")
                .view(array, segment, access);
    }
}
