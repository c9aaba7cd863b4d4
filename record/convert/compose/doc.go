// Package compose makes requests from what people and tools write down: URLs, forms,
// header lines and files.
package compose
