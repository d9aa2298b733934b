output "file_system_id" {
  description = "The file system, for the storage class of the EFS driver."
  value       = aws_efs_file_system.this.id
}
