/**
 * How bytes get from rank to rank. A transport moves equal collectives of opaque messages, keeps a deadline on every
 * wait and never looks inside a message.
 */
@NullMarked
package dev.waterspout.interconnect.transport;

import org.jspecify.annotations.NullMarked;
