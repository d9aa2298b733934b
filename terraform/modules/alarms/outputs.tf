output "topic_arn" {
  description = "ARN of the topic that carries the alarms, for further receivers."
  value       = aws_sns_topic.this.arn
}
