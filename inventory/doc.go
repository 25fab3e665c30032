// Package inventory is the production code of the pipeline, over ports (inventory/port). It knows no
// server, no client library and no clock of its own, so the same code runs as a service, against
// in-process fakes and inside a simulator.
//
// # One order's way
//
// [Orders] validates a checkout and names its commands. The design's [Admission] accepts or decides
// them in the truth. What was accepted leaves the truth as records (a connector or [Relay]), a
// [Consumer] hands each partition to the design's [Handler], and what was decided reaches the speed
// layer, from which [Stock] answers reads.
//
// # What is shared, and what a design is
//
// Here stands what the designs share: the front ([Orders], [Stock]), the loops ([Consumer], [Every],
// [Gather], [Retry]), dead letters and the relay. A design is a folder beside this file that holds
// only its differences, and a [Design] value that declares what it claims and how its processes are
// wired from ports.
//
// # Processes
//
// A process is a role with its own ports: no state outlives it, and it may die between any two round
// trips. Whatever it does is written so that another instance can do it again.
package inventory
