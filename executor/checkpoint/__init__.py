"""What a run saves between steps, and how a later run goes on from it, on any placement."""
