// Package clients carries a workload out: clients of the API that order, wait for decisions, cancel, return and look at stock.
//
// # The mental model
//
//	Drive    brings the initial stock in, lets so many clients take steps side by side, and ends when each step is done and
//	         nothing is undecided any more, or nothing has moved for long enough.
//	agenda   hands out steps: always the first that is ready.
//	client   does one step after the other. What is not answered it sends again, at the next front; an order that is accepted
//	         it looks up until it is decided or the client's patience is over.
//	Summary  what clients were told, each order line counted once. [Summary.Final] takes back what the books say was given
//	         back behind their backs.
//
// # How a client behaves
//
// A client behaves as a client of the API should, and no better. It sends a request; when no answer
// comes it sends the same request with the same ids to the next front; when it is told "accepted" it asks
// until there is a decision, or until its patience ends. It concludes an order only once it knows its
// decisions. Everything that it sends and is told is an event: no checker has to trust what a design
// says of itself.
//
// A client knows fronts ([inventory.Front]) and a clock, and no design, world or fault: the same code drives goroutines on real
// servers and actors of a simulation. What it sends and is told goes to an [observe.Recorder], for the checkers.
//
// Read next: driver.go, client.go, client_orders.go, driver_settle.go.
package clients
