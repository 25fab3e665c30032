package sim

import (
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/redis/command"
	"stockproof/inventory"
	"stockproof/inventory/port"
)

// World is a set of servers that a deployment runs on.
type World interface {
	// About names the tier, and says whether the same seed gives the same run.
	About() string
	// Open makes an instance's connections. close ends them abruptly, as the end of a process does:
	// what is open in a server is rolled back, and nobody says good-bye.
	Open(instance string) (p inventory.Ports, close func(), err error)
	// Slot connects to a replication slot that follows tables ("schema.table").
	Slot(name string, tables ...string) port.Slot
	// AdvanceRedis puts the speed layer's clock ahead.
	AdvanceRedis(d time.Duration)
	// OnStockChange observes what the article's scripts do to stock, inside the server.
	OnStockChange(fn func(command.StockChange))
	// Sizes tells every key of the speed layer and the bytes that it and its value take. For audits.
	Sizes(each func(key string, bytes int)) error
	Close()
}

// orderEvent reads the records of an orders table as processes do ([inventory.Ports].OrderEvent).
func orderEvent(r port.Record) (inventory.OrderEvent, error) {
	return debezium.Decoder{AnyQuantity: true}.OrderEvent(r)
}

// WorldOptions say what a world must have.
type WorldOptions struct {
	Topics     []inventory.Topic
	Partitions int32
	// Timeout is how long a process waits for the speed layer's answer to one batch before it takes the
	// server for lost: an error, an alarm and another attempt, never a verdict. Default 1 minute: where
	// clients and servers share processors with everything else, a slow answer is no lost one.
	Timeout time.Duration
}

// connectorName names the slot of a deployment's connector.
const connectorName = "stockproof"
