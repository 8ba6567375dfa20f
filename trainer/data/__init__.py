"""What is learned from: photos, their splits, draws and copies."""
