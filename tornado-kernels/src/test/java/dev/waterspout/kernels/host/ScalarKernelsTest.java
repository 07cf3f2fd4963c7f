package dev.waterspout.kernels.host;

class ScalarKernelsTest extends HostKernelsContract {
    @Override
    HostKernels kernels() {
        return HostKernels.scalar();
    }
}
