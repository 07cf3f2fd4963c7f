/**
 * Models of a hub with the HTTP interface of Hugging Face: listing repositories, downloads with resume and digests,
 * and the folder of downloaded models.
 */
@NullMarked
package dev.waterspout.engine.cli.hub;

import org.jspecify.annotations.NullMarked;
