package kafka_test

import (
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
)

// As with the other servers, nothing is left for the next execution.
func TestABrokerThatWasResetIsAsGoodAsNew(t *testing.T) {
	k := kafka.New(live.Gate(), kafka.Options{})
	var first uint64
	for life := range 3 {
		if life > 0 {
			k.Reset(live.Gate(), kafka.Options{})
		}
		if id := k.TopicID(topicName); !id.IsZero() {
			t.Fatalf("life %d begins with a topic", life)
		}
		k.CreateTopic(topicName, 1)
		if n := len(k.Records(topicName)); n != 0 {
			t.Fatalf("life %d begins with %d records", life, n)
		}
		b := k.Client("one")
		produce(t, b, 0, 3)
		claim, err := joined(t, b).Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := claim.Fetch(t.Context(), port.Position{LeaderEpoch: -1}, 9, 0); err != nil || len(rs) != 3 || rs[2].Offset != 2 {
			t.Fatalf("life %d reads %v, %v", life, rs, err)
		}
		if err := claim.Commit(t.Context(), port.Position{Offset: 3}); err != nil {
			t.Fatal(err)
		}
		k.Elect(topicName, 0)
		if life == 0 {
			first = k.Digest()
		}
		if got := k.Digest(); got != first {
			t.Errorf("life %d ends at %x, the first one at %x", life, got, first)
		}
		switch life {
		case 0:
			k.CreateTopic(topicName, 1) // which the next life must not see: another identity
		case 1:
			k.CreateTopic("another", 2) // nor what it does not ask for
		}
	}
}
