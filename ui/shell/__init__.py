"""What pages share: session, address, queue, identity, knobs, maps, charts and downloads."""
