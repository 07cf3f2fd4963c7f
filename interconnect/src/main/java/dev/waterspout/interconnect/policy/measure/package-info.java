/**
 * Probes of links and codecs: latency and bandwidth of a transport, and the time of encoding, reducing and summing per
 * wire format. The package does not depend on the choices that are made from these figures.
 */
@NullMarked
package dev.waterspout.interconnect.policy.measure;

import org.jspecify.annotations.NullMarked;
