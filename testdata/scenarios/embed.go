package scenarios

import "embed"

// Files holds every scenario file of this folder under its base name.
//
//go:embed *.scenario
var Files embed.FS
