// Package compose makes requests out of what people and tools write down: URLs,
// forms, header lines and files.
package compose
