output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets of nodes and pods, one a zone."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "intra_subnet_ids" {
  description = "Subnets without a way out, for database, files and control plane, by zone."
  value       = { for zone in var.zones : zone => aws_subnet.intra[zone].id }
}

output "nat_gateway_ids" {
  description = "NAT gateways by zone, for the alarms."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}

output "s3_cidrs" {
  description = "The addresses of S3 in this region, as AWS keeps them."
  value       = sort([for entry in data.aws_ec2_managed_prefix_list.s3.entries : entry.cidr])
}
