/**
 * Probes of links and codecs: latency and bandwidth of a transport, and the time that encoding, reducing and summing
 * take per wire format. Nothing here knows of the choices that are made from the figures.
 */
@NullMarked
package dev.waterspout.interconnect.policy.measure;

import org.jspecify.annotations.NullMarked;
