// Package loose reads values that other programs write loosely: JSON with slips,
// numbers in quotes, times in many spellings.
package loose
